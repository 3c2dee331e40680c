import {describe, expect, it} from '@jest/globals'
import {showLine, showText} from '../../src/core/show-text.js'

const FAMILY = '👩‍👧'

describe('text of strangers', () => {
  it.each([
    ['a\tb\nc\r\nd', 'a\\u0009b\\u000ac\\u000d\\u000ad', 'a\tb\nc\r\nd'],
    ['\u001b[2J\u0007\u009b1m\u007f\u0000', '\\u001b[2J\\u0007\\u009b1m\\u007f\\u0000', '\\u001b[2J\\u0007\\u009b1m\\u007f\\u0000'],
    ['over\rwritten', 'over\\u000dwritten', 'over\\u000dwritten'],
    ['\u202egnp.exe\u2066', '\\u202egnp.exe\\u2066', '\\u202egnp.exe\\u2066'],
    [`é 漢 ${FAMILY}`, 'é 漢 👩\\u200d👧', `é 漢 ${FAMILY}`],
  ])('%j is no order to a terminal, as a line or as text', (text, line, shown) => {
    expect(showLine(text)).toBe(line)
    expect(showText(text)).toBe(shown)
  })
})
