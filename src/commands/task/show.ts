import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {formatTable} from '../../cli/table.js'
import {describePending} from '../../core/requests/describe-pending.js'
import {showLine} from '../../core/show-text.js'
import {getTasks, listAttempts, resolveTaskId} from '../../core/tasks/task-queries.js'
import {type AttemptView, type TaskOutputView, viewAttempt, viewTaskOutput} from '../../core/tasks/task-view.js'

type Shown = TaskOutputView & {pending_reason: string | null; attempts: AttemptView[]}

export default class TaskShow extends HelixCommand<Shown> {
  static override summary = 'show a task, its attempts, and why it is pending'
  static override args = {id: Args.string({required: true, ignoreStdin: true, description: 'id, or the beginning of one'})}
  static override examples = ['<%= config.bin %> <%= command.id %> 3f2a']

  async run(): Promise<Shown> {
    const {args} = await this.parse(TaskShow)
    const services = await this.services()
    const store = await services.store()
    const [task] = await getTasks(store, [await resolveTaskId(store, args.id)])
    if (!task) throw new Error('a task that was just found is gone')
    const pendingReason = await describePending(store, services.hostId, task)
    const attempts = (await listAttempts(store, task.id)).map(viewAttempt)
    const shown = {...viewTaskOutput(task), pending_reason: pendingReason, attempts}
    const facts: [string, string | number | null][] = [
      ['id', shown.id],
      ['request', shown.request_id],
      ['name', shown.name],
      ['project', shown.project],
      ['command', shown.command.join(' ')],
      ['status', shown.status],
      ['pending because', pendingReason],
      ['failure', shown.failure_kind],
      ['error', shown.error],
      ['exit code', shown.exit_code],
      ['signal', shown.signal],
      ['worker', shown.worker],
      ['created', shown.created_at],
      ['started', shown.started_at],
      ['completed', shown.completed_at],
    ]
    for (const [name, value] of facts) if (value !== null) this.log(`${`${name}:`.padEnd(17)}${showLine(String(value))}`)
    if (attempts.length > 0) {
      const rows = attempts.map((attempt) => [
        String(attempt.attempt),
        attempt.status,
        attempt.worker,
        attempt.exit_code?.toString() ?? attempt.signal ?? '-',
        attempt.started_at,
        attempt.error ?? '',
      ])
      this.log(`\n${formatTable(['ATTEMPT', 'STATUS', 'WORKER', 'EXIT', 'STARTED', 'ERROR'], rows)}`)
    }
    return shown
  }
}
