// The frame of Settings: the list of sections (phone: a choice above) and the section that the address names.
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import { Combobox } from "~/components/ui/combobox";
import { Panel, SkeletonRows } from "~/components/ui/panel";
import { Select } from "~/components/ui/select";
import { find, placeOf, sectionName } from "./find";
import { componentOf, SECTIONS, type SectionId } from "./sections";

export function SettingsPage() {
  const { section } = useParams({ from: "/settings/$section" });
  const navigate = useNavigate();
  const shown = SECTIONS.find(({ id }) => id === section) ?? SECTIONS[0];
  const Section = componentOf(shown.id);
  const goTo = (label: string) => {
    const place = placeOf(label);
    if (place)
      void navigate({
        to: "/settings/$section",
        params: { section: place.section },
        ...(place.hash ? { hash: place.hash } : {}),
      });
  };
  return (
    <div className="flex w-full max-w-[1160px] gap-x-8 px-4 py-4 max-lg:flex-col sm:px-6">
      <nav aria-label="Sections of the settings" className="w-44 shrink-0 max-lg:hidden">
        <ul className="sticky top-4 flex flex-col gap-0.5">
          <li className="mb-2">
            <Combobox
              label="Find a setting"
              placeholder="Find a setting"
              value=""
              onChange={goTo}
              search={(typed) => find(typed).map(({ label }) => label)}
              note={(label) => {
                const place = placeOf(label);
                return place?.hash ? sectionName(place) : null;
              }}
            />
          </li>
          {SECTIONS.map(({ id, name, icon: Icon }) => (
            <li key={id}>
              <Link
                to="/settings/$section"
                params={{ section: id }}
                className="flex h-8 items-center gap-2.5 rounded-md px-2 text-ink-2 text-sm hover:bg-hover hover:text-ink aria-[current=page]:bg-selected aria-[current=page]:font-medium aria-[current=page]:text-ink"
              >
                <Icon aria-hidden className="size-4 opacity-80" />
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Select<SectionId>
        label="Section of the settings"
        className="mb-4 w-full sm:w-72 lg:hidden"
        value={shown.id}
        onChange={(next) => void navigate({ to: "/settings/$section", params: { section: next } })}
        options={SECTIONS.map(({ id, name }) => ({ value: id, label: name }))}
      />
      <div className="min-w-0 max-w-[880px] flex-1">
        <h1 className="sr-only">Settings: {shown.name}</h1>
        <p className="mb-3 text-ink-3 text-sm">{shown.about}.</p>
        <Suspense
          fallback={
            <Panel title={shown.name}>
              <SkeletonRows rows={6} height={48} />
            </Panel>
          }
        >
          <div className="flex flex-col gap-4">
            <Section key={shown.id} />
          </div>
        </Suspense>
      </div>
    </div>
  );
}
