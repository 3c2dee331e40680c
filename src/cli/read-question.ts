import {HelixError} from '../core/errors/helix-error.js'
import type {ReasoningConfig} from '../core/providers/provider.js'
import type {Question} from '../core/sessions/ask-model.js'
import {readAttachment, readSchema, readTools} from '../core/sessions/question-files.js'
import {checkName} from '../core/tasks/check-name.js'
import {readPipedText} from './piped-stdin.js'

/** The flags of `helix chat` that make a question. */
export interface QuestionFlags {
  model: string
  fallback?: string[] | undefined
  prompt?: string | undefined
  system?: string | undefined
  attach?: string[] | undefined
  schema?: string | undefined
  tools?: string | undefined
  'run-tools': boolean
  reasoning?: NonNullable<ReasoningConfig['effort']> | undefined
  'max-tokens'?: number | undefined
  'max-cost'?: string | undefined
  project?: string | undefined
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
  if (flags.project !== undefined) checkName('project', flags.project)
  return {
    model: flags.model,
    fallbacks: flags.fallback,
    maxCost: readNumber('--max-cost', flags['max-cost'], Number.MAX_VALUE),
    project: flags.project,
    temperature: readNumber('--temperature', flags.temperature, 2),
    maxTokens: flags['max-tokens'],
    system: flags.system,
    reasoning: flags.reasoning && {effort: flags.reasoning},
    schema: flags.schema === undefined ? undefined : await readSchema(flags.schema),
    tools: flags.tools === undefined ? undefined : await readTools(flags.tools),
    attachments: await Promise.all((flags.attach ?? []).map(readAttachment)),
    prompt: joinPrompt(flags.prompt, stdin && (await readPipedText(stdin))),
  }
}

function readNumber(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && value <= most) return value
  const range = most === Number.MAX_VALUE ? 'of 0 or more' : `from 0 to ${most}`
  throw new HelixError('usage', `${flag} must be a number ${range}, and is ${JSON.stringify(text)}`, {code: 'NUMBER_INVALID'})
}

function joinPrompt(prompt: string | undefined, input: string | undefined): string {
  const parts = [prompt, input].filter((part) => part?.trim())
  if (parts.length > 0) return parts.join('\n\n')
  throw new HelixError('usage', 'there is nothing to ask', {code: 'PROMPT_MISSING', hint: 'Give it with -p TEXT, or on standard input.'})
}
