// The panels that the dashboards use, made of Grafana's own components as its
// application makes them.

import React from 'react';

import {
  DashboardCursorSync, FieldType, getFieldDisplayValues, PanelPlugin, PanelProps, PanelDataSummary, VizOrientation, getDisplayValueAlignmentFactors,
} from '@grafana/data';
import { sceneUtils } from '@grafana/scenes';
import { BigValue, BigValueColorMode, BigValueGraphMode, BigValueJustifyMode, BigValueTextMode, DataLinksContextMenu, TimeSeries, TooltipPlugin2, useTheme2, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

import { customProperties } from './setup';

const NoData = ({ fieldConfig }: PanelProps<any>) => (
  <div className="no-data" style={{ display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center', height: '100%' }}>
    {fieldConfig.defaults.noValue ?? 'No data'}
  </div>
);

function TablePanel(props: PanelProps<any>) {
  const { data, width, height, options, fieldConfig, timeRange } = props;
  const frame = data.series[options.frameIndex ?? 0];
  if (!frame?.fields.length) {
    return <NoData {...props} />;
  }
  return (
    <TableNG
      data={frame} width={width} height={height} noHeader={!options.showHeader} resizable={true} sortBy={options.sortBy}
      cellHeight={options.cellHeight} timeRange={timeRange} fieldConfig={fieldConfig} noValue={fieldConfig.defaults.noValue}
      structureRev={data.structureRev} getActions={() => []} disableSanitizeHtml={false} enableVirtualization={true}
    />
  );
}

function StatPanel(props: PanelProps<any>) {
  const { data, width, height, options, fieldConfig, replaceVariables, timeZone } = props;
  const theme = useTheme2();
  const getValues = () => getFieldDisplayValues({ fieldConfig, reduceOptions: options.reduceOptions, replaceVariables, theme, data: data.series, sparkline: false, timeZone });

  return (
    <VizRepeater
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      width={width} height={height} source={data} renderCounter={props.renderCounter} autoGrid={true} orientation={VizOrientation.Auto}
      renderValue={({ value, width, height, alignmentFactors, count }: any) => {
        const render = (menu?: any) => (
          <BigValue
            value={value.display} count={count} alignmentFactors={alignmentFactors} width={width} height={height} theme={theme}
            colorMode={options.colorMode as BigValueColorMode} graphMode={BigValueGraphMode.None} justifyMode={BigValueJustifyMode.Auto}
            textMode={options.textMode as BigValueTextMode} text={options.text} onClick={menu?.openMenu} className={menu?.targetClassName}
          />
        );
        return value.hasLinks && value.getLinks ? <DataLinksContextMenu links={value.getLinks}>{render}</DataLinksContextMenu> : render();
      }}
    />
  );
}

function TimeSeriesPanel(props: PanelProps<any>) {
  const { data, width, height, options, timeRange, timeZone } = props;
  const frames = data.series.filter((frame) => frame.length > 0 && frame.fields.some((field) => field.type === FieldType.number));
  if (frames.length === 0) {
    return <NoData {...props} />;
  }
  return <TimeSeries frames={frames} structureRev={data.structureRev} timeRange={timeRange} timeZone={timeZone} width={width} height={height} legend={options.legend} options={options} />;
}

const TABLE = customProperties('width', 'minWidth', 'align', 'cellOptions', 'inspect', 'filterable', 'hideFrom', 'wrapHeaderText', 'tooltip');
const GRAPH = customProperties(
  'drawStyle', 'lineInterpolation', 'barAlignment', 'barWidthFactor', 'barMaxWidth', 'lineWidth', 'lineStyle', 'lineColor', 'fillOpacity', 'fillColor', 'gradientMode', 'fillBelowTo', 'spanNulls',
  'showPoints', 'pointSize', 'pointColor', 'stacking', 'axisPlacement', 'axisLabel', 'axisWidth', 'axisSoftMin', 'axisSoftMax', 'axisGridShow', 'axisColorMode', 'axisBorderShow',
  'axisCenteredZero', 'scaleDistribution', 'hideFrom', 'thresholdsStyle', 'transform'
);

function plugin(component: React.ComponentType<PanelProps<any>>, properties: ReturnType<typeof customProperties>) {
  return new PanelPlugin(component).useFieldConfig({
    useCustomConfig: (builder) => properties.forEach((property) => builder.addCustomEditor({ id: property.path, ...property } as any)),
  });
}

export function registerPanels() {
  sceneUtils.registerRuntimePanelPlugin({ pluginId: 'table', plugin: plugin(TablePanel, TABLE) });
  sceneUtils.registerRuntimePanelPlugin({ pluginId: 'stat', plugin: plugin(StatPanel, []) });
  sceneUtils.registerRuntimePanelPlugin({ pluginId: 'timeseries', plugin: plugin(TimeSeriesPanel, GRAPH) });
}
