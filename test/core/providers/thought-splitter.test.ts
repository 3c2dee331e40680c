import {describe, expect, it} from '@jest/globals'
import {ThoughtSplitter} from '../../../src/core/providers/thought-splitter.js'

function read(pieces: Iterable<string>): {reasoning: string; text: string} {
  const splitter = new ThoughtSplitter()
  const events = [...[...pieces].flatMap((piece) => splitter.split(piece)), ...splitter.end()]
  const join = (type: string) => events.map((event) => (event.type === type && 'text' in event ? event.text : '')).join('')
  return {reasoning: join('reasoning'), text: join('text')}
}

describe('an answer that thinks aloud', () => {
  it.each([
    ['<think>\nHm, 2 < 3.\n</think>\n\nYes.', {reasoning: 'Hm, 2 < 3.\n', text: 'Yes.'}],
    ['\n <think>Hm</think>Yes </think>', {reasoning: 'Hm', text: 'Yes </think>'}],
    ['<think></think>\n\nYes.', {reasoning: '', text: 'Yes.'}],
    ['<think>cut off </thi', {reasoning: 'cut off </thi', text: ''}],
    ['The tag <think> opens it.</think>', {reasoning: '', text: 'The tag <think> opens it.</think>'}],
    ['<thin', {reasoning: '', text: '<thin'}],
    ['  <b>', {reasoning: '', text: '  <b>'}],
    ['', {reasoning: '', text: ''}],
  ])('%j, whole and letter by letter', (answer, expected) => {
    expect(read([answer])).toEqual(expected)
    expect(read(answer)).toEqual(expected)
  })
})
