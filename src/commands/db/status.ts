import {HelixCommand} from '../../cli/base-command.js'
import {formatTable} from '../../cli/table.js'
import {inspectStore, type StoreStatus} from '../../core/data/inspect-store.js'

export default class DbStatus extends HelixCommand<StoreStatus> {
  static override summary = 'show where the store is and whether its schema is current'

  async run(): Promise<StoreStatus> {
    await this.parse(DbStatus)
    const services = await this.services()
    const status = await inspectStore(services.storeLocation, services.migrationsDir)
    this.log(`${status.dialect}: ${status.location}`)
    this.log(`schema ${status.version}, this Helix has ${status.latest}`)
    if (status.migrations.length > 0)
      this.log(
        formatTable(
          ['MIGRATION', 'APPLIED'],
          status.migrations.map((one) => [one.name, one.applied ? 'yes' : 'no']),
        ),
      )
    return status
  }
}
