import Table from 'cli-table3'
import {showLine} from '../core/show-text.js'

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Rows under their headings, in columns as wide as their content, without borders so that other programs can read them. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({head: [...headings], chars: NO_BORDERS, style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0}})
  table.push(...rows.map((row) => row.map(showLine)))
  return table.toString().replace(/ +$/gm, '')
}
