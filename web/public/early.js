// Before the first paint: a chosen theme, so that it does not flash. After it: the app's script,
// which would keep the page busy before. Until the app has started: "Choose files" opens at once;
// what else is pressed or dropped is kept for the app, which asks for it by src/lib/early.ts.
{
  const page = document.documentElement
  const presses = []
  const files = []
  const onPress = ({ target }) => {
    const button = target.closest('button')
    if (button?.dataset.opens) document.querySelector(`input[name=${button.dataset.opens}]`).click()
    else if (button) presses.push(button)
  }
  const onDrag = (event) => {
    if (event.dataTransfer.types.includes('Files') && document.querySelector('[data-drop]')) event.preventDefault()
  }
  const onDrop = (event) => {
    onDrag(event)
    if (event.defaultPrevented) files.push(...event.dataTransfer.files)
  }
  const kinds = { click: onPress, dragover: onDrag, drop: onDrop }
  for (const kind in kinds) addEventListener(kind, kinds[kind])
  window.early = {
    files,
    end: () => {
      for (const kind in kinds) removeEventListener(kind, kinds[kind])
      delete page.dataset.user
      for (const button of presses) button.click()
    },
  }

  const load = () => {
    const app = document.querySelector('link[rel=modulepreload]')
    if (app) import(app.href)
  }
  const painted = new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve))
    addEventListener('DOMContentLoaded', () => setTimeout(resolve, 150)) // a page in the background paints nothing
  })
  painted.then(load)

  const theme = localStorage.getItem('whazz.theme')
  if (theme === 'light' || theme === 'dark') page.dataset.theme = theme
  if (localStorage.getItem('whazz.tokens')) page.dataset.user = ''
}
