import {isDeepStrictEqual} from 'node:util'
import {HelixError} from '../errors/helix-error.js'
import {DEFAULT_POLICY, type TaskPolicy} from './task.js'

/** Seconds of a coordinator's lease: before they are over nobody can tell a worker that is away from one that is slow to answer. */
const SHORTEST_LOSS_SECONDS = 30

/** A policy with its defaults. Throws `usage` for one that contradicts itself. */
export function completePolicy(asked: Partial<TaskPolicy>): TaskPolicy {
  const mayWait = (asked.on_lost ?? DEFAULT_POLICY.on_lost) === 'wait'
  const policy = {...DEFAULT_POLICY, ...(!mayWait && {lost_seconds: SHORTEST_LOSS_SECONDS}), ...asked}
  if (policy.lost_seconds < SHORTEST_LOSS_SECONDS)
    throw new HelixError('usage', `a worker counts as lost after ${SHORTEST_LOSS_SECONDS} s at the earliest`, {code: 'LOST_AFTER_TOO_SHORT'})
  if (policy.on_lost === 'retry' && (policy.retries === 0 || !policy.retry_on.includes('host')))
    throw new HelixError('usage', 'a task can only be tried elsewhere when its worker is lost if it has retries, for failures of the kind host', {
      code: 'ON_LOST_WITHOUT_RETRIES',
      hint: 'Give it --retries 1, or in a file retries: 1.',
    })
  return policy
}

/** What is stored of a policy: where it differs from the defaults. They would be half of a task's row, written anew with each change of its status. */
export function storedPolicy(policy: TaskPolicy): Partial<TaskPolicy> {
  const different = Object.entries(policy).filter(([name, value]) => !isDeepStrictEqual(value, DEFAULT_POLICY[name as keyof TaskPolicy]))
  return Object.fromEntries(different)
}

/** The policy that was stored so. */
export function readPolicy(stored: Partial<TaskPolicy>): TaskPolicy {
  return {...DEFAULT_POLICY, ...stored}
}
