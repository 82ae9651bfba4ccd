/** Above this many jobs a picture says less than the list, and costs more. Apart from the layout, which loads later. */
export const MOST_NODES = 500;
