import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import MarkdownView from "./markdown-view";

const HOSTILE = `# Report

<script>alert(1)</script> <img src=x onerror="alert(2)">

![logo](https://example.org/track.png) [site](https://example.org) [bad](javascript:alert(3)) [here](#top)

| day | total |
| --- | ----- |
| Mon | 12    |
`;

it("shows structure and lets nothing in", () => {
  const { container } = render(<MarkdownView text={HOSTILE} />);
  expect(screen.getByRole("heading", { name: "Report" })).toBeInTheDocument();
  expect(screen.getByRole("cell", { name: "12" })).toBeInTheDocument();
  expect(container.querySelector("script, img, [onerror]")).toBeNull();
  expect(container).toHaveTextContent("<script>alert(1)</script>");
  expect(container).toHaveTextContent("[picture: logo]");
  const links = screen.getAllByRole("link");
  expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://example.org"]);
  expect(links[0]).toHaveAttribute("rel", "noopener noreferrer");
});
