import {Flags} from '@oclif/core'
import {eventLine, reportProblem, TextPrinter, tellFallbacks} from '../cli/answer-printer.js'
import {FORMATS, HelixCommand} from '../cli/base-command.js'
import {pipedStdin} from '../cli/piped-stdin.js'
import {readQuestion} from '../cli/read-question.js'
import {stopOnSignal} from '../cli/stop-on-signal.js'
import {EFFORTS} from '../core/providers/provider.js'
import {type AnswerView, viewAnswer} from '../core/sessions/answer-view.js'
import {askModel} from '../core/sessions/ask-model.js'

export default class Chat extends HelixCommand<AnswerView> {
  static override summary = 'ask a language model'
  static override description =
    `Prints the answer as it comes. Standard input, when it is a pipe or a file, is appended to the prompt. Question and answer are kept as a session. Exits with 0 only when the model finished: with 1 when its answer was cut off, filtered, declined, or is not what --schema or --tools ask for.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> -m openai/gpt-5-mini -p "a haiku about queues"',
    'git diff | <%= config.bin %> <%= command.id %> -m ollama/qwen3 -p "Write a commit message for this:"',
    '<%= config.bin %> <%= command.id %> -m llamacpp//models/small.gguf -p "name three rivers" --schema rivers.schema.json',
  ]
  static override flags = {
    model: Flags.string({
      char: 'm',
      required: true,
      helpValue: 'PROVIDER/MODEL',
      description: 'who is asked, or an alias; see helix provider list and helix provider models',
    }),
    fallback: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PROVIDER/MODEL',
      description: 'who is asked when that one cannot be reached, limits the rate or has no room for the question; may be given several times',
    }),
    prompt: Flags.string({char: 'p', helpValue: 'TEXT', description: 'what is asked; standard input alone where absent'}),
    system: Flags.string({char: 's', helpValue: 'TEXT', description: 'instructions that stand above the prompt'}),
    attach: Flags.string({char: 'a', multiple: true, multipleNonGreedy: true, helpValue: 'FILE', description: 'image, PDF or text to send along'}),
    schema: Flags.string({helpValue: 'FILE', description: 'JSON Schema that the answer must satisfy'}),
    tools: Flags.string({helpValue: 'FILE', description: 'tools that the model may call: a list of name, description and parameters'}),
    'run-tools': Flags.boolean({
      allowNo: true,
      default: true,
      description: 'run what the model calls; with --no-run-tools the calls are the answer. This version cannot run any yet',
    }),
    reasoning: Flags.option({options: EFFORTS, description: 'how long the model may think'})(),
    'max-tokens': Flags.integer({min: 1, helpValue: 'TOKENS', description: 'the longest answer'}),
    'max-cost': Flags.string({helpValue: 'DOLLARS', description: 'ask nothing that could cost more'}),
    project: Flags.string({helpValue: 'NAME', description: 'the project whose budget pays; `default` when absent'}),
    temperature: Flags.string({helpValue: 'NUMBER', description: '0 (always the likeliest word) to 2'}),
    output: Flags.option({
      options: [...FORMATS, 'stream-json'] as const,
      description: 'how the answer is printed; stream-json: one event a line, the whole answer last',
      helpGroup: 'GLOBAL',
    })(),
  }

  async run(): Promise<AnswerView> {
    const {flags} = await this.parse(Chat)
    // The base class knows of three formats only.
    const streams = (flags.output as string | undefined) === 'stream-json'
    const question = await readQuestion(flags, pipedStdin())
    const services = await this.services()
    const text = this.jsonEnabled() || streams ? undefined : new TextPrinter()
    const answer = await askModel(await services.models(), question, {
      client: 'cli',
      signal: stopOnSignal(),
      onEvent: (event) => {
        if (text) text.print(event)
        else if (streams) process.stdout.write(eventLine(event))
      },
      ...tellFallbacks(services.logger),
    })
    text?.end()
    const view = viewAnswer(answer)
    // Not as they come: a wrong call may be followed by a better one.
    for (const call of view.tool_calls) if (text) this.log(JSON.stringify(call))
    if (streams) process.stdout.write(`${JSON.stringify({type: 'answer', ...view})}\n`)
    reportProblem(answer.problem, services.logger)
    return view
  }
}
