// Who may import whom; scripts/boundaries.js applies it. The layers are explained in docs/architecture.md.
const forbid = (name, from, to, comment) => ({name, severity: 'error', comment, from, to})

export default {
  forbidden: [
    forbid(
      'core-is-independent',
      {path: '^src/core/'},
      {path: ['^src/(cli|commands|ui|server|plugins)/', 'node_modules/(@oclif/|ink|react)']},
      'The core knows no command line, terminal view, server or plugin.',
    ),
    forbid(
      'commands-use-cli-and-core',
      {path: '^src/commands/'},
      {path: '^src/', pathNot: '^src/(cli|core)/'},
      'A command parses, calls the core and prints; commands do not call each other.',
    ),
    forbid('nobody-imports-commands', {path: '^src/', pathNot: '^src/commands/'}, {path: '^src/commands/'}, 'oclif finds commands by their files.'),
    forbid('ui-sees-only-core-and-itself', {path: '^src/ui/'}, {path: '^src/', pathNot: '^src/(ui|core)/'}, 'A view shows events of the core.'),
    forbid(
      'ui-takes-only-types-of-core',
      {path: '^src/ui/'},
      {path: '^src/core/', pathNot: '(events|show-text)\\.ts$', dependencyTypesNot: ['type-only']},
      'A view takes types and events of the core; it calls nothing there but what makes text safe to show.',
    ),
    forbid(
      'server-uses-core',
      {path: '^src/server/'},
      {path: '^src/', pathNot: '^src/(server|core)/'},
      'The server is a second front of the core, beside the commands.',
    ),
    forbid(
      'plugin-uses-the-provider-contract',
      {path: '^src/plugins/([^/]+)/'},
      {path: '^src/', pathNot: ['^src/plugins/$1/', '^src/core/(providers|errors)/']},
      'A built-in provider gets no more than a third-party one.',
    ),
    forbid('nobody-imports-a-plugin', {path: '^src/', pathNot: '^src/plugins/'}, {path: '^src/plugins/'}, 'Plugins are found through the hook helix:provider.'),
    forbid(
      'no-circular',
      {},
      {circular: true, viaOnly: {dependencyTypesNot: ['type-only']}},
      'Two modules that need each other are one module, or miss a third.',
    ),
    forbid('no-unresolvable', {}, {couldNotResolve: true}, 'An import that leads nowhere.'),
    forbid('no-undeclared-package', {path: '^src/'}, {dependencyTypes: ['npm-no-pkg', 'npm-unknown']}, 'A package that package.json does not name.'),
    forbid('no-tests-in-the-product', {path: '^src/'}, {path: '^(test|bench|scripts)/'}, 'The product must not need what is not published.'),
    forbid(
      'no-tools-in-the-product',
      {path: '^src/'},
      {path: 'node_modules/(@biomejs|@jest|@swc|jest|knip|dependency-cruiser|esbuild|typescript)/'},
      'Bundled packages are dev dependencies on purpose, tools are not bundled.',
    ),
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    enhancedResolveOptions: {conditionNames: ['import', 'node', 'default', 'types'], exportsFields: ['exports']},
    tsConfig: {fileName: 'tsconfig.json'},
    tsPreCompilationDeps: true,
  },
}
