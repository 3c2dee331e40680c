import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {cancelOnSignal} from '../../cli/cancel-on-signal.js'
import {hintAtShell} from '../../cli/hint-at-shell.js'
import {itemFlags, readItemFlags} from '../../cli/item-flags.js'
import {ProgressLine} from '../../cli/progress-line.js'
import {exitCodeAfterSignal, exitCodeOf, exitCodeOfCount} from '../../cli/task-exit-code.js'
import {readTaskEnvironment, readTaskOptions, taskFlags} from '../../cli/task-flags.js'
import {dryRun} from '../../core/requests/dry-run.js'
import {writeAll} from '../../core/requests/follow-output.js'
import {parseHalt} from '../../core/requests/halt.js'
import {mapTasks} from '../../core/requests/map-tasks.js'
import {checkCommand} from '../../core/tasks/build-tasks.js'
import {type TaskOutputView, viewTaskOutput} from '../../core/tasks/task-view.js'

const LF = Buffer.from('\n')

export interface TaskMapResult {
  tasks: TaskOutputView[]
  /** With --dry-run: what would be run. */
  commands?: string[]
}

export default class TaskMap extends HelixCommand<TaskMapResult> {
  static override summary = 'run a command once for each line of standard input'
  static override description =
    `In every argument {} becomes the line and {#} its number, {.} {/} {//} {/.} the line without extension, its last part, its folder, its last part without extension, and {1} {2} its columns; without any of them the line is the last argument. Items may also stand behind :::, as GNU parallel has it. The line is also in HELIX_ITEM. No shell reads the result, but with sh -c 'echo {}' you make one execute the line: prefer sh -c 'echo "$HELIX_ITEM"'. What a task prints comes in one piece when it has ended. The exit code is the number of tasks that failed, at most 101, unless --halt says otherwise.`
  static override strict = false
  static override usage = 'task map [FLAGS] -- COMMAND [ARGUMENT...] [::: ITEM...]'
  static override examples = [
    'ls *.flac | <%= config.bin %> <%= command.id %> -- flac --decode {}',
    'seq 100 | <%= config.bin %> <%= command.id %> --keep-order -- ./simulate --seed {}',
    '<%= config.bin %> <%= command.id %> --tag --halt now,fail=1 -- ./build {1} {2} ::: debug release ::: x64 arm64',
  ]
  static override flags = {
    ...taskFlags,
    ...itemFlags,
    'keep-order': Flags.boolean({char: 'k', description: 'print in the order of the lines'}),
    'line-buffer': Flags.boolean({exclusive: ['keep-order'], description: 'print lines as they come, not task by task'}),
    tag: Flags.boolean({exclusive: ['tagstring'], description: 'begin each line of output with the item and a tab'}),
    tagstring: Flags.string({description: 'begin each line of output with this and a tab; {} and the others are filled in', helpValue: 'TEXT'}),
    progress: Flags.boolean({allowNo: true, default: true, description: 'show on a terminal how far it has come'}),
    'dry-run': Flags.boolean({description: 'print the commands, quoted for a shell, and run nothing'}),
    halt: Flags.string({
      description: 'stop early: never, or soon or now with fail, success or done and a number (soon,fail=1 or now,done=30%)',
      helpValue: 'WHEN,WHY=N',
    }),
    joblog: Flags.string({description: "file that gets a line for each ended task, in the format of GNU parallel's", helpValue: 'FILE'}),
    resume: Flags.boolean({dependsOn: ['joblog'], description: 'go on where an earlier run with this joblog, and the same input, stopped'}),
    'resume-failed': Flags.boolean({dependsOn: ['joblog'], description: 'the same, and run again what has failed'}),
    'idempotency-key': Flags.string({description: 'the same key never queues a line a second time'}),
    'max-per-worker': Flags.integer({char: 'j', min: 1, description: 'tasks of this request at once on one worker'}),
  }

  async run(): Promise<TaskMapResult> {
    const {argv, flags} = await this.parse(TaskMap)
    const halt = parseHalt(flags.halt ?? 'never')
    const {template, items} = await readItemFlags(argv as string[], flags)
    checkCommand(template)
    const resume = flags['resume-failed'] ? 'resume-failed' : flags.resume ? 'resume' : 'no'
    const shared = {template, items, joblog: flags.joblog, resume} as const
    if (flags['dry-run']) return this.#printCommands(dryRun(shared))
    const services = await this.services()
    const own = await services.requests(flags.project)
    const progress = flags.progress && !this.jsonEnabled() ? ProgressLine.open(own.logger) : undefined
    const context = progress ? {...own, logger: progress.logger} : own
    let isSignalled = () => false
    let isProgramMissing = () => false
    try {
      const mapped = await mapTasks(context, {
        ...shared,
        task: {...readTaskOptions(flags), idempotencyKey: flags['idempotency-key']},
        environment: await readTaskEnvironment(flags, process.env),
        caller: process.env,
        callerFolder: process.cwd(),
        detached: flags.detach,
        maxPerWorker: flags['max-per-worker'],
        keepOrder: flags['keep-order'],
        lineBuffer: flags['line-buffer'],
        tag: flags.tag ? '{}' : flags.tagstring,
        halt,
        output: this.jsonEnabled() ? undefined : (progress?.output ?? process),
        onStart: (request, tally) => {
          progress?.start(tally)
          isProgramMissing = () => tally.isProgramMissing
          isSignalled = cancelOnSignal(request, context.logger.warn)
        },
      })
      const {exit} = mapped
      const code = typeof exit === 'object' ? exitCodeOf(exit) : (exit ?? exitCodeOfCount(mapped.failed))
      process.exitCode = exitCodeAfterSignal(code, isSignalled())
      if (flags.detach) for (const id of mapped.ids) this.log(id)
      if (isProgramMissing()) hintAtShell(template, context.logger.warn)
      return {tasks: mapped.tasks.map(viewTaskOutput)}
    } finally {
      progress?.close()
    }
  }

  async #printCommands(batches: AsyncIterable<Buffer[]>): Promise<TaskMapResult> {
    const commands: string[] = []
    for await (const batch of batches) {
      if (this.jsonEnabled()) commands.push(...batch.map(String))
      else await writeAll(process.stdout, Buffer.concat(batch.flatMap((command) => [command, LF])))
    }
    return {tasks: [], commands}
  }
}
