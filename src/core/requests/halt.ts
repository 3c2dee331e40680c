import {HelixError} from '../errors/helix-error.js'
import type {TaskStatus} from '../tasks/task.js'

/** When a request stops before its end: as GNU parallel's --halt. */
export interface HaltPolicy {
  /** `soon` lets what runs come to its end, `now` cancels it. */
  when: 'soon' | 'now'
  why: 'fail' | 'success' | 'done'
  count: number
  /** The count is a share of all tasks, in percent. */
  percent: boolean
}

const SHORT: Record<string, string> = {0: 'never', 1: 'soon,fail=1', 2: 'now,fail=1', '-1': 'soon,success=1', '-2': 'now,success=1'}
const MOST_COUNTED = 101

/** Reads `never`, `soon,fail=1`, `now,success=30%` and the short forms of GNU parallel; undefined for never. Throws `usage`. */
export function parseHalt(text: string): HaltPolicy | undefined {
  const long = (SHORT[text] ?? text).replace(/^(\d+)%$/, 'soon,fail=$1%')
  if (long === 'never') return undefined
  const [, when, why, count, percent] = /^(soon|now),(fail|success|done)=([1-9]\d{0,8})(%?)$/.exec(long) ?? []
  if (!when || !why)
    throw new HelixError('usage', `--halt ${text}: write never, or soon or now with fail, success or done and a number: soon,fail=1 or now,done=30%`, {
      code: 'HALT_INVALID',
    })
  return {when: when as HaltPolicy['when'], why: why as HaltPolicy['why'], count: Number(count), percent: percent === '%'}
}

/** An ended task, as far as halting asks. */
export interface EndedTask {
  id: string
  status: TaskStatus
}

/** What the exit code of a halted request is: that of one task, or a number. */
export type HaltExit = {taskId: string} | {code: number}

/** Counts how tasks end and says when that is reason to stop. */
export class Halt {
  readonly policy: HaltPolicy
  #total: number | undefined
  #completed = 0
  #failed = 0
  #exit: HaltExit | undefined

  constructor(policy: HaltPolicy) {
    this.policy = policy
  }

  /** True once it is time to stop. */
  get isReached(): boolean {
    return this.#exit !== undefined
  }

  /** All tasks are known now; a share of them cannot be told before. */
  setTotal(total: number): void {
    this.#total = total
    this.#judge(undefined)
  }

  /** Takes note of a task that has ended. One that was cancelled counts for nothing. */
  add({id, status}: EndedTask): void {
    if (status === 'completed') this.#completed += 1
    else if (status === 'failed') this.#failed += 1
    else return
    const counts = {fail: status === 'failed', success: status === 'completed', done: true}
    if (counts[this.policy.why]) this.#judge(id)
  }

  /** The exit code, also of a request that came to its end without a halt. */
  get exit(): HaltExit {
    return this.#exit ?? {code: this.#numberOfFailed()}
  }

  /** As people read it: what has happened so often. */
  get reason(): string {
    const done = this.#completed + this.#failed
    const counts = {fail: `${this.#failed} failed`, success: `${this.#completed} completed`, done: `${done} ended`}
    return counts[this.policy.why]
  }

  #judge(taskId: string | undefined): void {
    const {why, percent, count} = this.policy
    if (this.#exit || (percent && this.#total === undefined)) return
    const limit = percent ? ((this.#total ?? 0) * count) / 100 : count
    const reached = {fail: this.#failed, success: this.#completed, done: this.#completed + this.#failed}[why]
    if (reached === 0 || reached < limit) return
    if (why === 'success') this.#exit = {code: 0}
    else if (limit === 1 && taskId !== undefined) this.#exit = {taskId}
    else this.#exit = {code: this.#numberOfFailed()}
  }

  #numberOfFailed(): number {
    if (this.policy.percent) return Math.ceil((100 * this.#failed) / (this.#total || this.#completed + this.#failed || 1))
    return Math.min(this.#failed, MOST_COUNTED)
  }
}
