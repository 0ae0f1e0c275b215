// A migration script as a careful client writes one: users from a file, one request each, statuses looked at, told to wait
// where there are too many requests, and users that are there already counted as such.
import { readFileSync } from 'node:fs';

const { API, TOKEN, USERS } = process.env;
const result = { created: 0, existing: 0, told_to_wait: 0, failed: [] };

const create = async (user) => {
  for (;;) {
    const response = await fetch(`${API}/api/users`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(user),
    });
    if (response.status === 429 || response.status === 503) {
      result.told_to_wait += 1;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get('retry-after') ?? 1)));
      continue;
    }
    return response;
  }
};

for (const user of JSON.parse(readFileSync(USERS, 'utf8'))) {
  const response = await create(user);
  const body = await response.json();
  if (response.ok) {
    result.created += 1;
  } else if (body.code === 'duplicate_user') {
    result.existing += 1;
  } else {
    result.failed.push({ user: user.username, status: response.status, message: body.message });
  }
}
console.log(JSON.stringify(result));
