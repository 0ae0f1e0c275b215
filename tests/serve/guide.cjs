// The script of Logto's guide to migrating users ("Import the user data"), as it stands there, but for the address and the token, which
// come from the environment: it looks at no status.
const users = require(process.env.USERS);

const importUsers = async () => {
  for (const user of users) {
    try {
      await fetch(`${process.env.API}/api/users`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Authorization: `Bearer ${process.env.TOKEN}`,
        },
        body: JSON.stringify(user),
      });
      // Sleep for a while to avoid rate limit
      await new Promise((resolve) => setTimeout(resolve, 200));
    } catch (error) {
      console.error(`Failed to import user ${user.username}: ${error.message}`);
    }
  }
};

importUsers();
