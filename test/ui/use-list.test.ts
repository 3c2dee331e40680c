import {expect, test} from '@jest/globals'
import {type ListState, press} from '../../src/ui/use-list.js'

const START: ListState = {top: 0, choice: 0, text: '', isTyping: false}
const SIZE = {total: 100, height: 20, choices: 3}

test('keys move through a list and stop at its ends', () => {
  const move = (top: number, key: object) => press({...START, top}, '', key, SIZE).top
  expect([move(0, {upArrow: true}), move(5, {upArrow: true}), move(5, {downArrow: true}), move(80, {downArrow: true})]).toEqual([0, 4, 6, 80])
  expect([move(5, {pageUp: true}), move(5, {pageDown: true}), move(75, {pageDown: true})]).toEqual([0, 25, 80])
  expect([move(50, {home: true}), move(0, {end: true})]).toEqual([0, 80])
  expect(press(START, '', {end: true}, {...SIZE, total: 3}).top).toBe(0)
})

test('what is typed after a slash is the filter, keys that mean something elsewhere too', () => {
  const typed = press(START, '/sq', {}, SIZE)
  expect(typed).toMatchObject({text: 'sq', isTyping: true, choice: 0})
  expect(press(typed, '', {backspace: true}, SIZE).text).toBe('s')
  expect(press({...typed, text: 'a😀'}, '', {backspace: true}, SIZE).text).toBe('a')
  const done = press(typed, '', {return: true}, SIZE)
  expect(done).toMatchObject({text: 'sq', isTyping: false})
  expect(press(done, '', {escape: true}, SIZE)).toEqual(START)
})

test('s goes through the choices and back to the first, from the top', () => {
  const pressed = press({...START, top: 40}, 's', {}, SIZE)
  expect(pressed).toMatchObject({choice: 1, top: 0})
  expect(press(pressed, 'ss', {}, SIZE).choice).toBe(0)
})
