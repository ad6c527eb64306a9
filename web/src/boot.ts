// Lets the browser paint the bar that index.html holds before the app's script keeps it busy. A
// page in the background paints nothing: it goes on after a moment.
const painted = new Promise<void>((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve))
  setTimeout(resolve, 150)
})

const task = () => new Promise((resolve) => setTimeout(resolve))

async function start(): Promise<void> {
  await painted
  const app = await import('./main')
  await task() // taking the script in and starting it are two tasks: the browser answers between
  app.start()
}

void start()
