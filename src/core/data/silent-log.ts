/** knex prints what it finds wrong on standard output, where results belong; whoever called it hears of each error anyway. */
export const silentLog = {warn() {}, error() {}, deprecate() {}, debug() {}}
