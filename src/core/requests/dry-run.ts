import type {Item} from '../tasks/read-items.js'
import {fillTemplate} from '../tasks/task-template.js'
import {Joblog, type ResumeMode} from './joblog.js'
import {numberItems} from './map-tasks.js'
import {quoteCommand} from './quote-command.js'

export interface DryRunOptions {
  template: readonly string[]
  items: AsyncIterable<readonly Item[]>
  joblog?: string | undefined
  resume: ResumeMode
}

/** The commands that `mapTasks` would run, as a shell reads them, in the order of the items. Nothing is stored or run. */
export async function* dryRun({template, items, joblog, resume}: DryRunOptions): AsyncGenerator<Buffer[]> {
  const isSkipped = joblog === undefined ? () => false : await Joblog.skippedBy(joblog, resume)
  yield* numberItems(items, (item, number) => (isSkipped(number) ? undefined : quoteCommand(fillTemplate(template, item, number))))
}
