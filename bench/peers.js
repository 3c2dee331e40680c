// What people use instead of an adapter: the providers' own packages, and the Vercel AI SDK. Each opens a client and returns what reads an answer to its end.
// @ts-check

import {createAnthropic} from '@ai-sdk/anthropic'
import {createGoogle} from '@ai-sdk/google'
import {createGroq} from '@ai-sdk/groq'
import {createMistral} from '@ai-sdk/mistral'
import {createOpenAICompatible} from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import {GoogleGenAI} from '@google/genai'
import {Mistral} from '@mistralai/mistralai'
import {streamText} from 'ai'
import Groq from 'groq-sdk'
import {Ollama} from 'ollama'
import OpenAI from 'openai'

/** @typedef {() => Promise<number>} Read resolves to the length of the text */

const apiKey = 'none'
const MESSAGES = [{role: /** @type {const} */ ('user'), content: 'go'}]

/** By package: opens a client for the server at `origin`. */
export const SDKS = {
  openai(/** @type {string} */ origin, /** @type {string} */ model) {
    const client = new OpenAI({apiKey, baseURL: `${origin}/v1`, maxRetries: 0})
    const create = () => client.chat.completions.create({model, messages: MESSAGES, stream: true, stream_options: {include_usage: true}})
    return () => sum(create(), (chunk) => chunk.choices[0]?.delta.content)
  },
  'groq-sdk'(/** @type {string} */ origin, /** @type {string} */ model) {
    const client = new Groq({apiKey, baseURL: origin, maxRetries: 0})
    return () => sum(client.chat.completions.create({model, messages: MESSAGES, stream: true}), (chunk) => chunk.choices[0]?.delta.content)
  },
  '@anthropic-ai/sdk'(/** @type {string} */ origin, /** @type {string} */ model) {
    const client = new Anthropic({apiKey, baseURL: origin, maxRetries: 0})
    const create = () => client.messages.create({model, messages: MESSAGES, max_tokens: 32_000, stream: true})
    return () => sum(create(), (event) => (event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : ''))
  },
  '@google/genai'(/** @type {string} */ origin, /** @type {string} */ model) {
    const {models} = new GoogleGenAI({apiKey, httpOptions: {baseUrl: origin}})
    return () => sum(models.generateContentStream({model, contents: 'go'}), (chunk) => chunk.text)
  },
  '@mistralai/mistralai'(/** @type {string} */ origin, /** @type {string} */ model) {
    const {chat} = new Mistral({apiKey, serverURL: origin})
    return () => sum(chat.stream({model, messages: MESSAGES}), ({data}) => /** @type {string} */ (data.choices[0]?.delta.content))
  },
  ollama(/** @type {string} */ origin, /** @type {string} */ model) {
    const client = new Ollama({host: origin})
    return () => sum(client.chat({model, messages: MESSAGES, stream: true}), ({message}) => message.content)
  },
}

/** By package: the same through the Vercel AI SDK. */
export const VERCEL = {
  '@ai-sdk/openai-compatible': (/** @type {string} */ origin, /** @type {string} */ model) =>
    readVercel(createOpenAICompatible({name: 'local', baseURL: `${origin}/v1`, apiKey, includeUsage: true}).chatModel(model)),
  '@ai-sdk/groq': (/** @type {string} */ origin, /** @type {string} */ model) => readVercel(createGroq({baseURL: `${origin}/v1`, apiKey})(model)),
  '@ai-sdk/anthropic': (/** @type {string} */ origin, /** @type {string} */ model) => readVercel(createAnthropic({baseURL: `${origin}/v1`, apiKey})(model)),
  '@ai-sdk/google': (/** @type {string} */ origin, /** @type {string} */ model) => readVercel(createGoogle({baseURL: `${origin}/v1beta`, apiKey})(model)),
  '@ai-sdk/mistral': (/** @type {string} */ origin, /** @type {string} */ model) => readVercel(createMistral({baseURL: `${origin}/v1`, apiKey})(model)),
}

/**
 * @param {import('ai').LanguageModel} model
 * @returns {Read}
 */
function readVercel(model) {
  return () => sum(streamText({model, prompt: 'go', maxRetries: 0}).textStream, (text) => text)
}

/**
 * @template T
 * @param {AsyncIterable<T> | PromiseLike<AsyncIterable<T>>} stream
 * @param {(piece: T) => string | null | undefined} textOf
 */
async function sum(stream, textOf) {
  let length = 0
  for await (const piece of await stream) length += textOf(piece)?.length ?? 0
  return length
}
