import {userInfo} from 'node:os'
import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {buildServiceUnit} from '../../core/scheduler/service-unit.js'

export default class SchedulerInstall extends HelixCommand<{unit: string}> {
  static override summary = 'print a systemd unit that runs a scheduler for good'
  static override description =
    'It uses your config and data folders, starts again after a failure, and leaves running tasks alone when it stops. Nothing is written: what to do with the unit is told on stderr.'
  static override flags = {
    user: Flags.boolean({description: 'a unit of your own service manager (the default)', exclusive: ['system']}),
    system: Flags.boolean({description: "a unit of the system's, which runs it as you"}),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> > ~/.config/systemd/user/helix-scheduler.service',
    '<%= config.bin %> <%= command.id %> --system | sudo tee /etc/systemd/system/helix-scheduler.service',
  ]

  async run(): Promise<{unit: string}> {
    const {flags} = await this.parse(SchedulerInstall)
    const services = await this.services()
    const scope = flags.system ? 'system' : 'user'
    const unit = buildServiceUnit({
      scope,
      helix: services.helix,
      environment: {HELIX_CONFIG_DIR: services.configDir, HELIX_DATA_DIR: services.dataDir},
      user: userInfo().username,
      platform: process.platform,
    })
    if (!this.jsonEnabled()) process.stdout.write(unit)
    const [file, systemctl] =
      scope === 'user'
        ? ['~/.config/systemd/user/helix-scheduler.service', 'systemctl --user']
        : ['/etc/systemd/system/helix-scheduler.service', 'sudo systemctl']
    process.stderr.write(`Put it into ${file} and run:\n  ${systemctl} daemon-reload && ${systemctl} enable --now helix-scheduler\n`)
    if (scope === 'user') process.stderr.write('For it to run while you are not logged in: loginctl enable-linger\n')
    if (process.env.HELIX_DATABASE_URL) process.stderr.write('HELIX_DATABASE_URL is set here and not in the unit: put database.url into the config.\n')
    return {unit}
  }
}
