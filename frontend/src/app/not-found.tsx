import { Link } from "@tanstack/react-router";
import { buttonClass } from "~/components/ui/button";
import { Empty } from "~/components/ui/panel";

export const NotFound = () => (
  <Empty
    title="There is no page at this address"
    className="pt-24"
    action={
      <Link to="/" className={buttonClass()}>
        Go to the dashboard
      </Link>
    }
  >
    It may have been typed wrong, or lead to something that is gone.
  </Empty>
);
