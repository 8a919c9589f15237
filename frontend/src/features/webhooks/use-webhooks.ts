// What can be done about webhooks, with what the page must learn from it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { toastError } from "~/components/ui/error-notice";
import type { Delivery, NewWebhook, Webhook, WebhookPatch } from "./contract";
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  isOpen,
  readDelivery,
  replayDelivery,
  testWebhook,
} from "./requests";

function useReread() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: ["webhooks"] });
}

/** For the editor, which shows a refusal at its field. */
export function useSaveWebhook() {
  const reread = useReread();
  return {
    add: useMutation({ mutationFn: (body: NewWebhook) => createWebhook(body), onSuccess: reread }),
    change: useMutation({
      mutationFn: ({ id, patch }: { id: string; patch: WebhookPatch }) => changeWebhook(id, patch),
      onSuccess: reread,
    }),
  };
}

/** For rows, which have no place for a refusal. */
export function useWebhookActs() {
  const onSettled = useReread();
  return {
    switchTo: useMutation({
      mutationFn: ({ webhook, enabled }: { webhook: Webhook; enabled: boolean }) =>
        changeWebhook(webhook.id, { enabled }),
      onSettled,
      onError: (error) => toastError(error, "The webhook stays as it was."),
    }),
    remove: useMutation({
      mutationFn: (webhook: Webhook) => deleteWebhook(webhook.id),
      onSettled,
      onSuccess: (_, webhook) => toast(`“${webhook.name}” is deleted`),
      onError: (error) => toastError(error, "The webhook was not deleted."),
    }),
  };
}

export function useReplay() {
  const onSettled = useReread();
  return useMutation({
    mutationFn: (delivery: Delivery) => replayDelivery(delivery.id),
    onSettled,
    onSuccess: () => toast("It is sent again", { description: "The new delivery stands at the top of the list." }),
    onError: (error) => toastError(error, "Nothing was sent."),
  });
}

const ASK_AGAIN_MS = 700;

/** A test is over with its first attempt: the further ones of a receiver that is away are not worth waiting for. */
const isAnswered = (delivery: Delivery) => delivery.attempts.length > 0 || !isOpen(delivery.state);

/** Sends a test and follows it to the receiver's answer. */
export function useTest(webhookId: string) {
  const reread = useReread();
  const send = useMutation({ mutationFn: () => testWebhook(webhookId), onSettled: reread });
  const sent = send.data;
  const followed = useQuery({
    queryKey: ["webhooks", "test", sent?.id],
    queryFn: ({ signal }) => readDelivery(sent?.id ?? "", signal),
    enabled: sent !== undefined && !isAnswered(sent),
    refetchInterval: (query) => (query.state.data && isAnswered(query.state.data) ? false : ASK_AGAIN_MS),
  });
  const delivery = sent && isAnswered(sent) ? sent : (followed.data ?? sent);
  return {
    send: () => send.mutate(),
    dismiss: () => send.reset(),
    delivery,
    error: send.error ?? (sent ? followed.error : null),
    busy: send.isPending || (delivery !== undefined && !isAnswered(delivery)),
  };
}
