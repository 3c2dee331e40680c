/**
 * The conformance kit: what every provider of Helix must do, as cases for any test runner.
 *
 *     import {test} from 'node:test'
 *     import {providerConformance} from 'helix-cli/provider/testing'
 *
 *     for (const {name, run} of providerConformance({plugin, model: 'some-model', capabilities, wire})) test(name, run)
 *
 * `wire` describes the provider's protocol: what a server sends for given events, and what a request asks for. With it the kit
 * plays the server, on a real socket, with all the faults that servers and networks have. Without it (a provider that runs in
 * this process) the model itself answers and only what holds for any answer is checked.
 */
import {type ConformanceCase, modelCapabilities, type Subject, type WiredSubject} from './bench.js'
import {answerCases} from './cases/answers.js'
import {byteCases} from './cases/bytes.js'
import {cancelCases} from './cases/cancel.js'
import {cutCases} from './cases/cuts.js'
import {generalCases} from './cases/general.js'
import {modelCases} from './cases/model.js'
import {refusalCases} from './cases/refusals.js'
import {requestCases} from './cases/requests.js'
import {retryCases} from './cases/retries.js'
import {thoughtCases} from './cases/thoughts.js'
import {timeoutCases} from './cases/timeouts.js'
import {toolCases} from './cases/tools.js'

export type {ConformanceCase, Subject} from './bench.js'
export type {RecordedRequest} from './fake-server.js'
export type {ProviderWire, ReadMessage, ReadRequest} from './provider-wire.js'

/** The cases that a provider has to pass, each with a provider and a server of its own. */
export function providerConformance(subject: Subject): ConformanceCase[] {
  const general = generalCases(subject)
  const asked = {...subject, capabilities: modelCapabilities(subject)}
  if (!isWired(asked)) return [...general, ...modelCases(asked)]
  const parts = [answerCases, requestCases, toolCases, thoughtCases, byteCases, cancelCases, timeoutCases, cutCases, refusalCases, retryCases]
  return [...general, ...parts.flatMap((part) => part(asked))]
}

function isWired(subject: Subject): subject is WiredSubject {
  return subject.wire !== undefined
}
