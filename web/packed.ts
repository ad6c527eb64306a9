// Beside each text file of the app its brotli form, which tools/embed.py takes along.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(css|html|js|json|svg|txt)$/

function pack(path: string): void {
  const content = readFileSync(path)
  const packed = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  })
  if (packed.length < content.length) writeFileSync(`${path}.br`, packed)
}

export function packed(): Plugin {
  let folder = ''
  return {
    name: 'packed',
    apply: 'build',
    configResolved: (config) => {
      folder = config.build.outDir
    },
    closeBundle: {
      sequential: true, // after the first view is in index.html
      order: 'post',
      handler() {
        for (const entry of readdirSync(folder, { recursive: true }) as string[]) if (TEXT.test(entry)) pack(join(folder, entry))
      },
    },
  }
}
