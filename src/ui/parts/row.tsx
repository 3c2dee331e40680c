import {Box, Text} from 'ink'
import {memo} from 'react'
import {showLine} from '../../core/show-text.js'
import {type Tone, tone} from '../tone.js'

/** What stands in one column of a row. */
export interface Cell {
  text: string
  tone?: Tone | undefined
}

/** Width of a column in characters; the one without takes what is left. */
export interface Column {
  heading: string
  width?: number
  align?: 'right'
}

interface RowProps {
  columns: readonly Column[]
  cells: readonly Cell[]
  bold?: boolean
}

/** One line of a table. What a worker or a user has named is shown, never obeyed. */
export const Row = memo(function Row({columns, cells, bold = false}: RowProps) {
  return (
    <Box height={1} columnGap={1}>
      {columns.map(({heading, width, align}, index) => {
        const cell = cells[index]
        return (
          <Box
            key={heading}
            {...(width === undefined ? {flexGrow: 1, flexBasis: 0, minWidth: 0} : {width, flexShrink: 0})}
            {...(align && {justifyContent: 'flex-end'})}
          >
            <Text wrap='truncate-end' bold={bold} {...(cell?.tone && tone(cell.tone))}>
              {showLine(cell?.text ?? '')}
            </Text>
          </Box>
        )
      })}
    </Box>
  )
}, isSame)

// Most rows of a list stay as they were; comparing a few words is less than laying them out.
function isSame(before: RowProps, after: RowProps): boolean {
  return (
    before.columns === after.columns && before.cells.every((cell, index) => cell.text === after.cells[index]?.text && cell.tone === after.cells[index]?.tone)
  )
}

/** The headings of the columns. */
export function Headings({columns}: {columns: readonly Column[]}) {
  return <Row columns={columns} cells={columns.map(({heading}) => ({text: heading}))} bold />
}
