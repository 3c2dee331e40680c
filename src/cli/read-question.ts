import {HelixError} from '../core/errors/helix-error.js'
import type {ReasoningConfig} from '../core/providers/provider.js'
import type {Question} from '../core/sessions/ask-model.js'
import {readAttachment, readSchema, readTools} from '../core/sessions/question-files.js'
import {readPipedText} from './piped-stdin.js'

/** The flags of `helix chat` that make a question. */
export interface QuestionFlags {
  model: string
  prompt?: string | undefined
  system?: string | undefined
  attach?: string[] | undefined
  schema?: string | undefined
  tools?: string | undefined
  'run-tools': boolean
  reasoning?: NonNullable<ReasoningConfig['effort']> | undefined
  'max-tokens'?: number | undefined
  temperature?: string | undefined
}

/** The question that the command line and standard input make. Throws `usage` for what cannot be asked. */
export async function readQuestion(flags: QuestionFlags, stdin: AsyncIterable<Buffer> | undefined): Promise<Question> {
  if (flags.tools && flags['run-tools']) {
    throw new HelixError('usage', 'this version of Helix cannot run tools', {
      code: 'TOOLS_NOT_RUN',
      hint: 'With --no-run-tools you get the calls that the model makes.',
    })
  }
  return {
    model: flags.model,
    temperature: readTemperature(flags.temperature),
    maxTokens: flags['max-tokens'],
    system: flags.system,
    reasoning: flags.reasoning && {effort: flags.reasoning},
    schema: flags.schema === undefined ? undefined : await readSchema(flags.schema),
    tools: flags.tools === undefined ? undefined : await readTools(flags.tools),
    attachments: await Promise.all((flags.attach ?? []).map(readAttachment)),
    prompt: joinPrompt(flags.prompt, stdin && (await readPipedText(stdin))),
  }
}

function readTemperature(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && value <= 2) return value
  throw new HelixError('usage', `--temperature must be a number from 0 to 2, and is ${JSON.stringify(text)}`, {code: 'TEMPERATURE_INVALID'})
}

function joinPrompt(prompt: string | undefined, input: string | undefined): string {
  const parts = [prompt, input].filter((part) => part?.trim())
  if (parts.length > 0) return parts.join('\n\n')
  throw new HelixError('usage', 'there is nothing to ask', {code: 'PROMPT_MISSING', hint: 'Give it with -p TEXT, or on standard input.'})
}
