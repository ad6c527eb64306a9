import { z } from 'zod'
import { useLocation } from 'wouter'
import { notify } from '@/lib/notices'
import { account, common } from '@/strings'
import { Card, PageTitle, TextLink } from '@/ui/kit'
import { emailRule, Form, passwordRule, usernameRule } from './form'
import { signUp } from './session'

const schema = z.object({ email: emailRule, username: usernameRule, password: passwordRule })

export default function SignUpPage() {
  const [, go] = useLocation()
  return (
    <div className="mx-auto max-w-md">
      <PageTitle title={account.signUpTitle} lead={account.bringAlong} />
      <Card>
        <Form
          schema={schema}
          values={{ email: '', username: '', password: '' }}
          fields={[
            { name: 'email', label: account.email, type: 'email', autoComplete: 'email' },
            { name: 'username', label: account.username, autoComplete: 'username' },
            {
              name: 'password',
              label: account.password,
              type: 'password',
              autoComplete: 'new-password',
              hint: account.passwordHint,
            },
          ]}
          action={common.signUp}
          onSubmit={async ({ email, username, password }) => {
            notify('good', account.moved(await signUp(email, username, password)))
            go('/')
          }}
        />
      </Card>
      <p className="mt-4 text-center text-sm text-soft">
        {account.hasAccount} <TextLink to="/login">{common.logIn}</TextLink>
      </p>
    </div>
  )
}
