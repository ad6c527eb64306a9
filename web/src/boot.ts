// Lets the browser paint the bar that index.html holds before the app's script keeps it busy. A
// page in the background paints nothing: it goes on after a moment.
import './styles.css'

const painted = new Promise<void>((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve))
  setTimeout(resolve, 150)
})

void painted.then(() => import('./main'))
