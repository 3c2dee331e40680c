import {describe, expect, test} from '@jest/globals'
import {copyProgress} from '../../src/cli/copy-progress.js'

const at = (done: number) => ({taskId: 'x', direction: 'up' as const, path: '/data/big\u001b.bin', done, total: 4e6})

describe('the progress of a copy', () => {
  test('is one line on a terminal, shown calmly, and gone when the file is there', () => {
    const written: string[] = []
    let now = 0
    const show = copyProgress({isTTY: true, write: (text) => written.push(text)}, () => now)
    for (let done = 0; done <= 4e6; done += 1e5) {
      show(at(done))
      now += 10
    }
    expect(written).toHaveLength(5)
    const [, second = ''] = written
    expect(second.replace('\r\u001b[K', '')).toMatch(/^↑ big.*\.bin 25 % of 4\.0 MB$/)
    expect(second.split('\u001b')).toHaveLength(2)
    expect(written.at(-1)).toBe('\r\u001b[K')
  })

  test('is not shown where nobody looks', () => {
    const written: string[] = []
    copyProgress({isTTY: false, write: (text) => written.push(text)})(at(1))
    expect(written).toEqual([])
  })
})
