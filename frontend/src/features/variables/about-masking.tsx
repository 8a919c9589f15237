/** What secrets are here, and what they are not. */
export const AboutMasking = () => (
  <p className="border-line border-b px-4 py-2.5 text-ink-3 text-xs">
    Secrets are stored sealed, reach only the runs themselves and are never shown again. Logs show *** in their place,
    also where they are escaped or in base64. That is for accidents: a script can still pass a secret on in another
    form, and files that it leaves are not looked through.
  </p>
);
