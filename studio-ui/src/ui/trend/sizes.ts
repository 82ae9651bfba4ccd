/** Room around the lines of a picture, in pixels; what lies over them begins there too. */

export const AXIS_WIDTH = 58;
export const AXIS_HEIGHT = 24;
export const PADDING_TOP = 10;
export const PADDING_RIGHT = 12;
