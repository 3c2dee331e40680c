import {HelixError} from '../errors/helix-error.js'
import {getTasks} from '../tasks/task-queries.js'
import {type Answer, type AskContext, type AskOptions, askModel} from './ask-model.js'

/** Asks what a task of type `llm` asks; rejects as `askModel` does, and with `usage` for any other task. */
export async function askForTask(context: AskContext, id: string, options: Omit<AskOptions, 'client'>): Promise<Answer> {
  const store = await context.store()
  const [task] = await getTasks(store, [id])
  const question = task?.input.question
  if (!question) throw new HelixError('usage', `${id} is not a task that asks a model`, {code: 'TASK_NOT_LLM'})
  const {max_tokens: maxTokens, max_cost: maxCost, reasoning, ...asked} = question
  const [project] = await store.query<{name: string}>('SELECT name FROM projects WHERE id = ?', [task.project_id])
  return askModel(context, {...asked, maxTokens, maxCost, project: project?.name, reasoning: reasoning && {effort: reasoning}}, {...options, client: 'task'})
}
