import {messageOf} from '../errors/helix-error.js'
import type {CoordinatorEvents} from '../scheduler/coordinator-options.js'
import type {TaskWithAttempt} from '../tasks/task-queries.js'
import {OutputFollower, openGate} from './follow-output.js'
import {collectWaiting, outputReader, printEnded} from './foreground-output.js'
import {OrderedPrinter} from './ordered-printer.js'
import {printLogs} from './print-logs.js'
import type {RequestContext, TaskOutput} from './request-context.js'
import {tagLines, tagOutput} from './tagged-output.js'

/** Followers that may hold a piece of output each while the reader is slow. */
const FOLLOWERS_AT_ONCE = 8

export interface MapOutputOptions {
  output: TaskOutput
  /** What stands before each line of an item's output. */
  tagOf: (number: number) => Buffer | undefined
  keepOrder: boolean
  /** Items whose turn never comes. */
  isLeftOut: (number: number) => boolean
}

/** Where the output of many tasks comes together. */
export interface MapOutput {
  events: CoordinatorEvents
  /** Tells that an item has ended, whether or not it has printed anything. */
  passed(number: number): void
  /** Prints what a task of an earlier request has printed. */
  addEarlier(task: TaskWithAttempt): void
  /** Resolves when everything is printed. */
  done(): Promise<void>
}

/** Nothing is printed. */
export const NO_OUTPUT: MapOutput = {events: {}, passed: () => {}, addEarlier: () => {}, done: async () => {}}

/** What each task has printed in one piece, once it has ended. A reader that is slow holds up nothing else. */
export function groupOutput(context: RequestContext, {output, tagOf, keepOrder, isLeftOut}: MapOutputOptions): MapOutput {
  const printer = new OrderedPrinter(keepOrder, isLeftOut)
  return {
    events: collectWaiting(context, ({number, open}) =>
      printer.add(number, async () => {
        const ended = await open()
        await warnOfGap(context, ended.end.taskId, () => printEnded(ended, tagOutput(output, tagOf(number))))
      }),
    ),
    passed: (number) => printer.pass(number),
    addEarlier: (task) => {
      const number = task.input.item_number ?? 0
      printer.add(number, () => printWhole(context, task, tagOutput(output, tagOf(number))))
    },
    done: () => printer.flush(),
  }
}

/** Lines of all tasks as they come. */
export function lineOutput(context: RequestContext, {output, tagOf}: MapOutputOptions): MapOutput {
  const gate = openGate(FOLLOWERS_AT_ONCE)
  const followers = new Map<string, {follower: OutputFollower; end: () => Promise<void>}>()
  const unfinished = new Set<Promise<void>>()
  const finish = (work: Promise<void>) => {
    const done = work.finally(() => unfinished.delete(done))
    unfinished.add(done)
  }
  return {
    events: {
      started: ({task, worker}) => {
        const lines = tagLines(output, tagOf(task.input.item_number ?? 0))
        followers.set(`${task.id} ${task.attempt}`, {follower: new OutputFollower(outputReader(context, worker, task), lines, gate), end: lines.end})
      },
      ended: (ended) => {
        const key = `${ended.taskId} ${ended.attempt}`
        const followed = followers.get(key)
        if (!followed) return
        followers.delete(key)
        // Without the tails, which would wait in memory with it; they are read from the worker as what comes before them is.
        const {stdoutTail, stderrTail, ...end} = ended
        finish(warnOfGap(context, ended.taskId, () => followed.follower.finish(end)).then(followed.end))
      },
    },
    passed: () => {},
    addEarlier: (task) => finish(gate(() => printWhole(context, task, tagOutput(output, tagOf(task.input.item_number ?? 0))))),
    done: async () => {
      while (unfinished.size > 0) await Promise.all(unfinished)
    },
  }
}

async function printWhole(context: RequestContext, {id, attempt}: TaskWithAttempt, output: TaskOutput): Promise<void> {
  // One that was cancelled before it started has printed nothing.
  if (attempt === 0) return
  await warnOfGap(context, id, async () => {
    for (const stream of ['stdout', 'stderr'] as const) await printLogs(context, {taskId: id, stream, follow: false}, output[stream])
  })
}

/** The task has ended as it has; that its output cannot be had any more is no reason to give up on the others. */
async function warnOfGap({logger}: RequestContext, taskId: string, print: () => Promise<void>): Promise<void> {
  try {
    await print()
  } catch (error) {
    logger.warn(`task ${taskId}: its output is not complete: ${messageOf(error)}`)
  }
}
