import { z } from 'zod'
import { useLocation } from 'wouter'
import { notify } from '@/lib/notices'
import { account, common } from '@/strings'
import { Card, PageTitle, TextLink } from '@/ui/kit'
import { Form, requiredRule } from './form'
import { logIn } from './session'

const schema = z.object({ name: requiredRule, password: requiredRule })

export default function LogInPage() {
  const [, go] = useLocation()
  return (
    <div className="mx-auto max-w-md">
      <PageTitle title={account.logInTitle} />
      <Card>
        <Form
          schema={schema}
          values={{ name: '', password: '' }}
          fields={[
            { name: 'name', label: account.name, autoComplete: 'username' },
            { name: 'password', label: account.password, type: 'password', autoComplete: 'current-password' },
          ]}
          action={common.logIn}
          onSubmit={async ({ name, password }) => {
            await logIn(name, password)
            notify('good', account.welcomeBack(name))
            go('/')
          }}
        />
      </Card>
      <p className="mt-4 text-center text-sm text-soft">
        {account.noAccount} <TextLink to="/signup">{common.signUp}</TextLink>
      </p>
    </div>
  )
}
