/**
 * What every copy of the public ceremony (Aztec's "Ignition", 2019) begins with: the second point
 * of the first group, tau * G, and the one point of the second group, tau * H. Barretenberg pins
 * both. Coordinates are big endian; x before y, and in the second group the real part first.
 *
 * @see https://crs.aztec-cdn.foundation/g1.dat and g2.dat
 */
export const CEREMONY_SECOND_POINT: string =
  '2d360628289ff943ff6bd1a87bbe4e62abe7fb61ba83effd266f22bdcf31e6f9' +
  '26b92a79e563c3f48252cce7feeca2f0f8d33dcb4ef7b0643bf07bd405700aaa';

/** tau * H of the public ceremony, 128 bytes. */
export const CEREMONY_GROUP2_POINT: string =
  '0118c4d5b837bcc2bc89b5b398b5974e9f5944073b32078b7e231fec938883b0' +
  '260e01b251f6f1c7e7ff4e580791dee8ea51d87a358e038b4efe30fac09383c1' +
  '22febda3c0c0632a56475b4214e5615e11e6dd3f96e6cea2854a87d4dacc5e55' +
  '04fc6369f7110fe3d25156c1bb9a72859cf2a04641f99ba4ee413c80da6a5fe4';
