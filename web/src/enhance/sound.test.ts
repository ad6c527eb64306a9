import { expect, it } from 'vitest'
import { fitsMemory } from './samples'
import { wavOf } from './wav'
import { peaksOf } from './waveform'

it('a recording is a WAV file of all its blocks', async () => {
  const view = new DataView(await wavOf([new Float32Array([0, 1]), new Float32Array([-1, 2])], 48000).arrayBuffer())
  const word = (at: number) => String.fromCharCode(...new Uint8Array(view.buffer, at, 4))
  expect([word(0), word(8), word(36)]).toEqual(['RIFF', 'WAVE', 'data'])
  expect(view.getUint32(24, true)).toBe(48000)
  expect(view.getUint32(40, true)).toBe(8)
  expect([0, 1, 2, 3].map((i) => view.getInt16(44 + 2 * i, true))).toEqual([0, 32767, -32767, 32767])
})

it('a waveform shows the loudest of each part', () => {
  expect([...peaksOf(new Float32Array([0, 0.5, -1, 0.25]), 2)]).toEqual([0.5, 1])
  expect([...peaksOf(new Float32Array([0.5]), 3)].length).toBe(3)
  expect([...peaksOf(new Float32Array(0), 2)]).toEqual([0, 0])
})

it('both sides of an interview fit into memory, an hour does not', () => {
  const sides = (seconds: number, channels: number) => [{ seconds, channels }, { seconds, channels }]
  expect([sides(300, 1), sides(150, 2), sides(3600, 1), sides(300, 2)].map(fitsMemory)).toEqual([true, true, false, false])
})
