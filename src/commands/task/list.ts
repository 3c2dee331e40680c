import {Command} from '@oclif/core'
export default class TaskList extends Command {
  static override summary = 'list tasks'
  async run() {
    await this.parse(TaskList)
    const {default: knex} = await import('knex')
    const db = knex({client: 'better-sqlite3', connection: {filename: '/tmp/x.db'}, useNullAsDefault: true})
    console.log(await db.raw('select 1 as a'))
    await db.destroy()
  }
}
