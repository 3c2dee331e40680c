import {describe, expect, it} from '@jest/globals'
import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import type {BaseProvider} from '../../../src/core/providers/base-provider.js'
import type {ChatRequest} from '../../../src/core/providers/provider.js'
import type {Failure} from '../../../src/core/providers/provider-error.js'
import type {ProviderOptions} from '../../../src/core/providers/provider-plugin.js'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import {CAPABILITIES, LineProvider, lineWire, pluginOf} from './line-provider.js'

function casesFor(Provider: new (options: ProviderOptions) => BaseProvider) {
  return providerConformance({plugin: pluginOf(Provider), model: 'm', capabilities: CAPABILITIES, wire: lineWire})
}

describe('a provider that does all that it must', () => {
  for (const {name, run} of casesFor(LineProvider)) it(name, run)
})

class TakesCutForEnd extends LineProvider {
  protected override async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    yield* super.respond(request, signal)
    yield {type: 'finish', reason: 'stop'}
  }
}

class IgnoresCancel extends LineProvider {
  protected override request(path: string, init: RequestInit): Promise<Response> {
    return super.request(path, init, new AbortController().signal)
  }
}

class DecodesChunks extends LineProvider {
  protected override async *lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    let text = ''
    for await (const chunk of body) text += Buffer.from(chunk).toString('utf8')
    yield* text.split('\n')
  }
}

class TakesChunksForLines extends LineProvider {
  protected override async *lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
    for await (const chunk of body) yield* Buffer.from(chunk).toString('utf8').split('\n')
  }
}

class KeepsCause extends LineProvider {
  protected override readFailure(error: unknown): Failure {
    return {...super.readFailure(error), cause: error}
  }
}

class NeverRetries extends LineProvider {
  constructor(options: ProviderOptions) {
    super({...options, retries: 0})
  }
}

class RetriesEverything extends LineProvider {
  protected override readFailure(error: unknown): Failure {
    return {...super.readFailure(error), status: 500}
  }
}

class ForgetsZero extends LineProvider {
  protected override respond({temperature, ...request}: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    return super.respond({...request, ...(temperature && {temperature})}, signal)
  }
}

class LosesHeaders extends LineProvider {
  protected override readFailure(error: unknown): Failure {
    return {...super.readFailure(error), headers: undefined}
  }
}

class StopsAtText extends LineProvider {
  protected override async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    for await (const event of super.respond(request, signal)) if (event.type !== 'usage' && event.type !== 'reasoning') yield event
  }
}

const DEFECTS: [new (options: ProviderOptions) => BaseProvider, RegExp][] = [
  [TakesCutForEnd, /^ended without a finish (after content|after any byte|in a tool call)/],
  [IgnoresCancel, /hangs up$|stall before the headers: the answer ends with a timeout/],
  [DecodesChunks, /^a piece is passed on|pieces of (1|2|3) bytes/],
  [TakesChunksForLines, /pieces of (1|2|3|7|64) bytes/],
  [KeepsCause, /^(401|403|500) is an error/],
  [NeverRetries, /^(429 with|5.. without|cut before the headers|an error event before content)/],
  [RetriesEverything, /^(400|401|403|404|422) is not tried again/],
  [ForgetsZero, /a temperature of 0 too/],
  [LosesHeaders, /^429 with Retry-After (in seconds|as a date)|more than a minute/],
  [StopsAtText, /^(generate returns what stream tells|reasoning is told apart)/],
]

describe('the kit finds a provider that', () => {
  it.each(DEFECTS)('%p', async (Provider, names) => {
    const found = casesFor(Provider).filter(({name}) => names.test(name))
    expect(found.length).toBeGreaterThan(0)
    for (const {name, run} of found) {
      const result = await run().then(
        () => `passes: ${name}`,
        () => 'fails',
      )
      expect(result).toBe('fails')
    }
  })
})
