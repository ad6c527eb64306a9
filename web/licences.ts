// Writes licenses.txt: the licence of every package whose code is in the app.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

/** Copied or compiled in without being a module of the bundle. */
const ALSO = ['redoc', 'swagger-ui-dist', 'tailwindcss']
/** What those two bundles say of the packages inside them. */
const INSIDE = ['redoc/bundles/redoc.standalone.js.LICENSE.txt', 'swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt']

function folderOf(module: string): string | null {
  const at = module.lastIndexOf('/node_modules/')
  if (at < 0) return null
  const [first = '', second = ''] = module.slice(at + 14).split('/')
  return join(module.slice(0, at), 'node_modules', first, first.startsWith('@') ? second : '')
}

function textOf(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string }
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|notice)/i.test(name))
  const texts = files.map((name) => readFileSync(join(folder, name), 'utf8').trim())
  return [`${about.name} ${about.version} (${about.license ?? 'see below'})`, ...texts].join('\n\n')
}

export function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const packages = join(process.cwd(), 'node_modules')
      const folders = new Set(ALSO.map((name) => join(packages, name)))
      for (const file of Object.values(bundle))
        if (file.type === 'chunk')
          for (const module of file.moduleIds) {
            const folder = folderOf(module.replace(/^\0/, ''))
            if (folder && existsSync(join(folder, 'package.json'))) folders.add(folder)
          }
      const inside = INSIDE.map((name) => `Inside ${name.split('/')[0]}:\n\n${readFileSync(join(packages, name), 'utf8').trim()}`)
      const source = [...[...folders].sort().map(textOf), ...inside].join(`\n\n${'-'.repeat(78)}\n\n`)
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: `${source}\n` })
    },
  }
}
