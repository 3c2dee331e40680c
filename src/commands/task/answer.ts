import {Args} from '@oclif/core'
import {reportProblem, TextPrinter, tellFallbacks} from '../../cli/answer-printer.js'
import {HelixCommand} from '../../cli/base-command.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {type AnswerView, viewAnswer} from '../../core/sessions/answer-view.js'
import {askForTask} from '../../core/sessions/ask-for-task.js'

/** What a worker runs for a task of type `llm`. */
export default class TaskAnswer extends HelixCommand<AnswerView> {
  static override summary = 'ask what a task of type llm asks'
  static override hidden = true
  static override args = {id: Args.string({required: true, ignoreStdin: true, description: 'id of the task'})}

  async run(): Promise<AnswerView> {
    const {args} = await this.parse(TaskAnswer)
    const services = await this.services()
    const text = new TextPrinter()
    const answer = await askForTask(await services.models(), args.id, {
      signal: stopOnSignal(),
      onEvent: (event) => text.print(event),
      ...tellFallbacks(services.logger),
    })
    text.end()
    reportProblem(answer.problem, services.logger)
    return viewAnswer(answer)
  }
}
