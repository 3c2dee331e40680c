import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'
import {downloadForTask, type FileProgress, uploadForTask} from '../../../src/core/requests/copy-task-files.js'
import type {TaskInput} from '../../../src/core/tasks/task.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'

let here: string
let there: string
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'helix-here-'))
  there = mkdtempSync(join(tmpdir(), 'helix-there-'))
})
afterEach(() => {
  for (const folder of [here, there]) rmSync(folder, {recursive: true})
})

const transport = new LocalTransport()
const task = (files: Pick<TaskInput, 'uploads' | 'downloads'>, local = false) => ({
  id: 'task',
  attempt: 1,
  input: {command: ['true'], ...files},
  requirements: local ? {local: true as const} : {},
})

describe('files of a task', () => {
  test('come into its folder before it, and from there after it, with their progress', async () => {
    writeFileSync(join(here, 'in'), 'input')
    writeFileSync(join(there, 'out'), 'output')
    const seen: FileProgress[] = []
    const onProgress = (progress: FileProgress) => seen.push(progress)
    await uploadForTask(transport, task({uploads: [{from: join(here, 'in'), to: 'deep/in'}]}), there, {onProgress})
    await downloadForTask(transport, task({downloads: [{from: 'out', to: join(here, 'new/out')}]}), there, {onProgress})
    expect(readFileSync(join(there, 'deep/in'), 'utf8')).toBe('input')
    expect(readFileSync(join(here, 'new/out'), 'utf8')).toBe('output')
    expect(seen).toEqual([
      {taskId: 'task', direction: 'up', path: join(here, 'in'), done: 5, total: 5},
      {taskId: 'task', direction: 'down', path: join(here, 'new/out'), done: 6, total: 6},
    ])
  })

  test('that are gone are told apart: those to send, those that the command has not made', async () => {
    const upload = uploadForTask(transport, task({uploads: [{from: join(here, 'gone'), to: 'x'}]}), there)
    await expect(upload).rejects.toMatchObject({code: 'UPLOAD_MISSING', message: `there is no file ${join(here, 'gone')} to upload`})
    const download = downloadForTask(transport, task({downloads: [{from: 'gone', to: join(here, 'x')}]}), there)
    await expect(download).rejects.toMatchObject({code: 'DOWNLOAD_MISSING', message: 'the command completed, but there is no file gone to download'})
    expect(existsSync(join(here, 'x'))).toBe(false)
  })

  test('that cannot be kept here are not taken for missing ones', async () => {
    writeFileSync(join(there, 'out'), 'output')
    mkdirSync(join(here, 'taken'))
    const download = downloadForTask(transport, task({downloads: [{from: 'out', to: join(here, 'taken')}]}), there)
    await expect(download).rejects.not.toMatchObject({code: 'DOWNLOAD_MISSING'})
  })

  test('of a task in the folder that they are in stay as they are, but must be there', async () => {
    writeFileSync(join(here, 'data'), 'data')
    const copy = {from: join(here, 'data'), to: 'data'}
    await uploadForTask(transport, task({uploads: [copy]}, true), here)
    await downloadForTask(transport, task({downloads: [{from: 'data', to: join(here, 'data')}]}, true), here)
    expect(readFileSync(join(here, 'data'), 'utf8')).toBe('data')
    const missing = downloadForTask(transport, task({downloads: [{from: 'none', to: join(here, 'none')}]}, true), here)
    await expect(missing).rejects.toMatchObject({code: 'DOWNLOAD_MISSING'})
  })
})
