// Slack's own check of signatures, of @slack/bolt: reads a file of JSON lines
//   {"secret", "timestamp", "signature", "body", "now"}
// and prints "accepted" or why not, a line each.
'use strict';
const fs = require('fs');
const { verifySlackRequest } = require('@slack/bolt');

for (const line of fs.readFileSync(process.argv[2], 'utf8').trim().split('\n')) {
  const request = JSON.parse(line);
  let verdict = 'accepted';
  try {
    verifySlackRequest({
      signingSecret: request.secret,
      body: request.body,
      headers: {
        'x-slack-signature': request.signature,
        'x-slack-request-timestamp': request.timestamp,
      },
      nowMilliseconds: request.now * 1000,
    });
  } catch (error) {
    verdict = error.message;
  }
  console.log(verdict);
}
