import {HelixCommand} from '../../cli/base-command.js'
import {inspectStore, type StoreStatus} from '../../core/data/inspect-store.js'

export default class DbMigrate extends HelixCommand<StoreStatus> {
  static override summary = "bring the store's schema up to date"
  static override description = 'Commands do this by themselves when they open a store; this is for doing it ahead of them.'

  async run(): Promise<StoreStatus> {
    await this.parse(DbMigrate)
    const services = await this.services()
    await services.store()
    const status = await inspectStore(services.storeLocation, services.migrationsDir)
    this.log(`The store has schema ${status.version}.`)
    return status
  }
}
