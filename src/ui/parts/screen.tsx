import {Box, Text, useWindowSize} from 'ink'
import type {ReactNode} from 'react'
import {showLine} from '../../core/show-text.js'
import {formatCount} from '../format.js'
import {tone} from '../tone.js'
import type {ListState} from '../use-list.js'

// Two lines of totals, the headings, the keys.
const OTHER_LINES = 4

/** How wide the screen is, and how many rows of a list are on it. */
export function useListSpace(): {columns: number; height: number} {
  const {columns, rows} = useWindowSize()
  return {columns, height: Math.max(1, rows - OTHER_LINES)}
}

/** Totals above, a list that takes what is left, the keys below. */
export function Screen({totals, list, keys}: {totals: ReactNode; list: ReactNode; keys: ReactNode}) {
  const {columns, rows} = useWindowSize()
  return (
    <Box flexDirection='column' width={columns} height={rows} overflow='hidden'>
      <Box flexDirection='column' height={2} flexShrink={0}>
        {totals}
      </Box>
      <Box flexDirection='column' flexGrow={1} overflow='hidden'>
        {list}
      </Box>
      <Box height={1} flexShrink={0}>
        {keys}
      </Box>
    </Box>
  )
}

interface KeysProps {
  state: ListState
  /** What `s` changes, and what it is now. */
  choice: string
  shown: {top: number; rows: number; total: number}
  problem?: string | undefined
}

/** The last line: where in the list one is, and what keys do; or what is wrong. */
export function Keys({state, choice, shown, problem}: KeysProps) {
  const place = shown.total === 0 ? '0' : `${formatCount(shown.top + 1)}-${formatCount(shown.top + shown.rows)} of ${formatCount(shown.total)}`
  return (
    <Box columnGap={1} flexGrow={1} justifyContent='space-between'>
      <Box flexShrink={1}>
        <Text wrap='truncate-end' {...(problem !== undefined && tone('failed'))}>
          {problem === undefined ? help(state, choice) : showLine(problem)}
        </Text>
      </Box>
      <Box flexShrink={0}>
        <Text>{place}</Text>
      </Box>
    </Box>
  )
}

function help({isTyping, text}: ListState, choice: string): string {
  if (isTyping) return `filter: ${showLine(text)}▏ Enter done, Esc none`
  return `q quit  s ${choice}  / ${text ? `filter: ${showLine(text)}, Esc none` : 'filter'}  ↑↓ PgUp PgDn Home End`
}
