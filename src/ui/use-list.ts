import {type Key, useApp, useInput, useStdin} from 'ink'
import {useState} from 'react'
import type {ViewEnd} from './open-view.js'

/** Where somebody is in a list, and what of it they want to see. */
export interface ListState {
  /** Number of the first row on the screen. */
  top: number
  /** Which of the list's choices is on: an order, or a part of it. */
  choice: number
  /** What a row must contain. */
  text: string
  /** Keys go to `text`. */
  isTyping: boolean
}

export interface ListSize {
  /** Rows in the list, and rows on the screen. */
  total: number
  height: number
  choices: number
}

/** The state of a list that is moved by keys. */
export function useList(size: ListSize): ListState {
  const [state, setState] = useState<ListState>({top: 0, choice: 0, text: '', isTyping: false})
  const {exit} = useApp()
  // Without a keyboard there is still Ctrl-C, as a signal.
  const {isRawModeSupported} = useStdin()
  const leave = (end: ViewEnd) => exit(end)
  useInput(
    (input, key) => {
      if (key.ctrl && input === 'c') leave('interrupted')
      // Who types fast, or pastes, sends several keys at once.
      else if (input === 'q' && !state.isTyping) leave('left')
      else setState((before) => press(before, input, key, size))
    },
    {isActive: isRawModeSupported},
  )
  return state
}

/** What a key does to a list. */
export function press(state: ListState, input: string, key: Partial<Key>, size: ListSize): ListState {
  if (key.escape) return {...state, top: 0, text: '', isTyping: false}
  const top = moved(state.top, key, size)
  if (top !== undefined) return {...state, top}
  if (key.return) return {...state, isTyping: false}
  if (key.backspace || key.delete) return state.isTyping ? {...state, top: 0, text: [...state.text].slice(0, -1).join('')} : state
  if (key.ctrl || key.meta) return state
  return [...input].reduce((before, character) => typed(before, character, size), state)
}

function moved(top: number, key: Partial<Key>, {total, height}: ListSize): number | undefined {
  const last = Math.max(0, total - height)
  const to = (wanted: number) => Math.max(0, Math.min(last, wanted))
  if (key.upArrow) return to(top - 1)
  if (key.downArrow) return to(top + 1)
  if (key.pageUp) return to(top - height)
  if (key.pageDown) return to(top + height)
  if (key.home) return 0
  return key.end ? last : undefined
}

function typed(state: ListState, character: string, {choices}: ListSize): ListState {
  if (character === '\r' || character === '\n') return {...state, isTyping: false}
  if (state.isTyping) return {...state, top: 0, text: state.text + character}
  if (character === '/') return {...state, isTyping: true}
  return character === 's' ? {...state, top: 0, choice: (state.choice + 1) % choices} : state
}
