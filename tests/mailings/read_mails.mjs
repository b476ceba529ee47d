// A second pair of eyes: mails as base64, one per line, read by nodemailer's parser; answers as JSON, one per line.
import { createInterface } from "node:readline";
import { simpleParser } from "mailparser";

for await (const line of createInterface({ input: process.stdin })) {
  const mail = await simpleParser(Buffer.from(line, "base64"), { skipTextToHtml: true, skipImageLinks: true });
  const list = mail.headers.get("list") ?? {};
  console.log(
    JSON.stringify({
      subject: mail.subject ?? "",
      from: mail.from?.value?.map((one) => one.address) ?? [],
      to: mail.to?.value ?? [],
      message_id: mail.messageId,
      text: mail.text ?? "",
      html: mail.html || "",
      unsubscribe: list.unsubscribe?.url ?? "",
      headers: mail.headerLines.map((one) => one.key),
    }),
  );
}
