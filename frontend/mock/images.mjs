// Runner images in every state: one to choose, one that is being pulled, one that failed.
import { ago, scripts, system } from "./data.mjs";
import { tell } from "./simulate.mjs";

const MIB = 1024 * 1024;
const HOUR = 3_600_000;

const image = (name, base, state, rest = {}) => ({
  name,
  own: false,
  base,
  system_packages: [],
  state,
  message: null,
  reference: null,
  origin: null,
  digest: null,
  python: null,
  uv: null,
  size_bytes: null,
  progress: null,
  added_at: ago(30 * HOUR),
  prepared_at: null,
  ...rest,
});
const ready = (python, size, hours, rest) => ({
  python,
  uv: "0.13.9",
  digest: `sha256:${python}`,
  size_bytes: size * MIB,
  prepared_at: ago(hours * HOUR),
  ...rest,
});

const images = [
  image(
    system.runner_image,
    system.runner_image,
    "ready",
    ready("3.13.5", 155, 30, { own: true, reference: system.runner_image, origin: "found" }),
  ),
  image(
    "python:3.11-slim-trixie+ffmpeg+libpq5",
    "python:3.11-slim-trixie",
    "ready",
    ready("3.11.14", 318, 5, {
      system_packages: ["ffmpeg", "libpq5"],
      reference: "pytask-runner-3f9a1c:python-3.11-slim-trixie-ffmpeg-libpq5-0a1b2c3d",
      origin: "built",
    }),
  ),
  image("python:3.14-slim-trixie", "python:3.14-slim-trixie", "preparing", {
    progress: { phase: "pulling", part: 41 * MIB, whole: 98 * MIB, lines: ["Pulling from library/python"] },
  }),
  image("company/science:7", "company/science:7", "failed", {
    message: "pull access denied for company/science, repository does not exist or may require authorization",
  }),
];

const listed = (each) => ({
  ...each,
  scripts: [...scripts.values()].filter((script) => script.image === each.name).map((script) => script.name),
});

export const imageRoutes = ({ refuse }) => {
  const found = (name) =>
    images.find((each) => each.name === name) ?? refuse(404, "not_found", "There is no such image");
  const told = (each, status = 202) => {
    tell({ type: "images" });
    return { status, json: listed(each) };
  };
  return [
    ["GET", /^\/images$/, () => ({ json: { items: images.map(listed) } })],
    [
      "POST",
      /^\/images$/,
      ({ json }) => {
        const bad = json.system_packages?.find((name) => !/^[a-z0-9][a-z0-9+.-]+$/.test(name));
        if (bad)
          refuse(422, "invalid_field", `"${bad}" is not the name of a Debian package, such as "ffmpeg"`, {
            field: "system_packages",
          });
        const name = json.name ?? [json.base, ...(json.system_packages ?? [])].join("+");
        if (images.some((each) => each.name === name))
          refuse(409, "image_exists", "There is an image of this name; renew that one or choose another name", {
            field: "name",
          });
        const added = image(name, json.base, "preparing", {
          system_packages: json.system_packages ?? [],
          progress: { phase: "building", part: 3, whole: 12, lines: ["Step 4/12 : ARG UV_VERSION", " ---> 5ab1"] },
        });
        images.push(added);
        return told(added);
      },
    ],
    [
      "POST",
      /^\/images\/([^/]+)\/renew$/,
      ({ id }) => {
        const each = found(id);
        each.state = "preparing";
        each.message = null;
        each.progress = { phase: "pulling", part: 0, whole: 0, lines: [] };
        return told(each);
      },
    ],
    [
      "DELETE",
      /^\/images\/([^/]+)$/,
      ({ id }) => {
        const each = found(id);
        images.splice(images.indexOf(each), 1);
        return told(each);
      },
    ],
  ];
};
