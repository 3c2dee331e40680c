import {HelixError} from '../errors/helix-error.js'
import {getTasks} from '../tasks/task-queries.js'
import {type Answer, type AskContext, type AskOptions, askModel} from './ask-model.js'

/** Asks what a task of type `llm` asks; rejects as `askModel` does, and with `usage` for any other task. */
export async function askForTask(context: AskContext, id: string, options: Omit<AskOptions, 'client'>): Promise<{answer: Answer; model: string}> {
  const [task] = await getTasks(await context.store(), [id])
  const question = task?.input.question
  if (!question) throw new HelixError('usage', `${id} is not a task that asks a model`, {code: 'TASK_NOT_LLM'})
  const {max_tokens: maxTokens, reasoning, ...asked} = question
  const answer = await askModel(context, {...asked, maxTokens, reasoning: reasoning && {effort: reasoning}}, {...options, client: 'task'})
  return {answer, model: question.model}
}
