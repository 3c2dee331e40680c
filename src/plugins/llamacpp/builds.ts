import {existsSync} from 'node:fs'
import {join} from 'node:path'

/** A package with a build of llama.cpp, and where it is of use. */
interface Build {
  name: string
  platform: NodeJS.Platform
  arch: string
  gpu?: 'cuda' | 'vulkan'
}

/** The optional dependencies of node-llama-cpp 3.22.1. npm itself leaves out fewer: it takes those for ARM on x64 too. */
const BUILDS: Build[] = [
  {name: '@node-llama-cpp/linux-arm64', platform: 'linux', arch: 'arm64'},
  {name: '@node-llama-cpp/linux-armv7l', platform: 'linux', arch: 'arm'},
  {name: '@node-llama-cpp/linux-riscv64', platform: 'linux', arch: 'riscv64'},
  {name: '@node-llama-cpp/linux-x64', platform: 'linux', arch: 'x64'},
  {name: '@node-llama-cpp/linux-x64-cuda', platform: 'linux', arch: 'x64', gpu: 'cuda'},
  {name: '@node-llama-cpp/linux-x64-cuda-ext', platform: 'linux', arch: 'x64', gpu: 'cuda'},
  {name: '@node-llama-cpp/linux-x64-vulkan', platform: 'linux', arch: 'x64', gpu: 'vulkan'},
  {name: '@node-llama-cpp/mac-arm64-metal', platform: 'darwin', arch: 'arm64'},
  {name: '@node-llama-cpp/mac-x64', platform: 'darwin', arch: 'x64'},
  {name: '@node-llama-cpp/win-arm64', platform: 'win32', arch: 'arm64'},
  {name: '@node-llama-cpp/win-x64', platform: 'win32', arch: 'x64'},
  {name: '@node-llama-cpp/win-x64-cuda', platform: 'win32', arch: 'x64', gpu: 'cuda'},
  {name: '@node-llama-cpp/win-x64-cuda-ext', platform: 'win32', arch: 'x64', gpu: 'cuda'},
  {name: '@node-llama-cpp/win-x64-vulkan', platform: 'win32', arch: 'x64', gpu: 'vulkan'},
]

const LINUX_LIBRARIES = ['/usr/lib', '/usr/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib/wsl/lib', '/run/opengl-driver/lib']

/** The drivers that node-llama-cpp looks for itself before it takes a build for a GPU. */
const DRIVERS = {
  cuda: {linux: ['libnvidia-ml.so.1', 'libnvidia-ml.so'], win32: ['nvml.dll']},
  vulkan: {linux: ['libvulkan.so.1', 'libvulkan.so'], win32: ['vulkan-1.dll']},
}

/** The builds of node-llama-cpp that a machine cannot use: those for other machines, and those for a GPU whose driver is not there. */
export function unneededBuilds(machine: {platform: NodeJS.Platform; arch: string}, exists: (path: string) => boolean = existsSync): string[] {
  const {platform, arch} = machine
  const isNeeded = (build: Build) => build.platform === platform && build.arch === arch && (!build.gpu || hasDriver(build.gpu, platform, exists))
  return BUILDS.filter((build) => !isNeeded(build)).map(({name}) => name)
}

function hasDriver(gpu: 'cuda' | 'vulkan', platform: NodeJS.Platform, exists: (path: string) => boolean): boolean {
  if (platform !== 'linux' && platform !== 'win32') return false
  const folders =
    platform === 'linux'
      ? [...LINUX_LIBRARIES, ...(process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean)]
      : [join(process.env.SystemRoot ?? 'C:\\Windows', 'System32')]
  return folders.some((folder) => DRIVERS[gpu][platform].some((file) => exists(join(folder, file))))
}
