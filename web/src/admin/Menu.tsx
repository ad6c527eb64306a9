// A menu of actions behind one button. Not modal: a modal one writes a style element, which the
// Content-Security-Policy forbids.
import { Content, Item, Portal, Root, Trigger } from '@radix-ui/react-dropdown-menu'
import { clsx } from 'clsx'
import { Ellipsis } from 'lucide-react'
import { Button } from '@/ui/kit'

export interface Action {
  name: string
  isDangerous?: boolean
  run: () => void
}

export function Menu({ label, actions }: { label: string; actions: Action[] }) {
  return (
    <Root modal={false}>
      <Trigger asChild>
        <Button look="quiet" className="-my-1 px-2.5" aria-label={label}>
          <Ellipsis aria-hidden size={18} />
        </Button>
      </Trigger>
      <Portal container={document.getElementById('content')}>
        <Content align="end" className="z-10 min-w-44 rounded-xl border border-line bg-card p-1 text-sm shadow-lg">
          {actions.map(({ name, isDangerous, run }) => (
            <Item
              key={name}
              onSelect={run}
              className={clsx('cursor-pointer rounded-lg px-3 py-2 font-medium outline-none data-highlighted:bg-sunken', isDangerous && 'text-bad')}
            >
              {name}
            </Item>
          ))}
        </Content>
      </Portal>
    </Root>
  )
}
