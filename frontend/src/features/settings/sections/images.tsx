// What scripts can be run in.
import { ImagesPanel } from "../images/images-panel";

export const Section = ImagesPanel;
