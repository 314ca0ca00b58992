/** The two packages that make the basemap bring no types of their own; only what we call. */
declare module "topojson-server" {
  type Objects = import("topojson-specification").Objects<object>;
  type Topology = import("topojson-specification").Topology<Objects>;
  export function topology(
    objects: Readonly<Record<string, GeoJSON.FeatureCollection>>,
    quantization?: number,
  ): Topology;
}

declare module "topojson-simplify" {
  type Objects = import("topojson-specification").Objects<object>;
  type Topology = import("topojson-specification").Topology<Objects>;
  export function presimplify(topology: Topology): Topology;
  export function simplify(topology: Topology, weightMin: number): Topology;
  export function filter(
    topology: Topology,
    keeps: (ring: number[][], isInterior: boolean) => boolean,
  ): Topology;
  export function filterWeight(
    topology: Topology,
    weightMin: number,
  ): (ring: number[][], isInterior: boolean) => boolean;
}
